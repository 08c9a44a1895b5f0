"""What all tests share."""

pytest_plugins = ["reviewcore.testing.plugin"]
