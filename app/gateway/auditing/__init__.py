"""What is audited beside effects: accesses, denials, tokens; and what vouches for the audit."""
