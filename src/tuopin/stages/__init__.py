"""The verbs of a case: each stage reads a snapshot and a policy and proposes; a person decides."""
