"""What the market needs of the world, as Protocols in the market's words."""
