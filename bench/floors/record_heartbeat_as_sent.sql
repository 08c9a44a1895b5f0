-- record_heartbeat, as sent: 4 statements that the library was logged to send.
-- Written by python -m bench.floors; run by pgbench with -D first=… -D last=…
\set n random(:first, :last)
\set e random(1, 1000000000000)
\startpipeline
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT reviews.id, reviews.track_id, reviews.artist_id, reviews.reviewer_id, reviews.slot_number, reviews.status, reviews.offered_amount, reviews.slot_price, reviews.minimum_listen_seconds, reviews.assigned_at, reviews.expires_at, reviews.started_at, reviews.ended_at, reviews.end_reason, reviews.listen_duration, reviews.listen_carry_ms, reviews.last_heartbeat, reviews.paid_amount, reviews.counts_toward_completion, reviews.share_id, reviews.artist_rating, reviews.rating_reason, reviews.is_gem, reviews.was_flagged, reviews.flag_reason, reviews.flag_status, reviews.first_impression, reviews.production_score, reviews.originality_score, reviews.vocal_score, reviews.would_listen_again, reviews.would_add_to_playlist, reviews.would_share, reviews.would_follow, reviews.best_part, reviews.best_part_timestamp, reviews.weakest_part, reviews.weakest_timestamp, reviews.perceived_genre, reviews.similar_artists, reviews.additional_notes, reviews.next_actions, reviews.addressed_artist_note FROM reviews WHERE reviews.reviewer_id = ('rw' || lpad(:n::text, 9, '0'))::VARCHAR COLLATE "C" AND status IN ('ASSIGNED', 'IN_PROGRESS') ORDER BY reviews.id FOR NO KEY UPDATE;
\endpipeline
\startpipeline
UPDATE reviews SET listen_duration='203'::INTEGER, listen_carry_ms='375'::INTEGER, last_heartbeat=(now())::TIMESTAMP WITH TIME ZONE WHERE reviews.id = ('rv' || lpad(:n::text, 9, '0'))::VARCHAR COLLATE "C";
COMMIT;
\endpipeline
