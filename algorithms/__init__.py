"""What can be trained. Knows no AWS, no GitHub, and no files but its model folder."""
