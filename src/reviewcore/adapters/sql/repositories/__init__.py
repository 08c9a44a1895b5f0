"""The repositories: what each port of `reviewcore.ports.store` asks of the tables."""
