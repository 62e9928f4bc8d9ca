"""The issue board in the browser. It reads the workspace; what it changes, it says as a person on GitHub would."""
