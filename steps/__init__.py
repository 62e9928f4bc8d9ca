"""What runs inside the containers: prepare, train, evaluate."""
