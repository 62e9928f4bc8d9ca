"""What a team starts from."""
