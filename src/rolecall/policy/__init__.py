"""What a policy allows: statements as sets of actions and resources, judged by how wide they are.

Everything here is a pure function of the model's documents.  Answers have three values, since a `${…}` that only the
cloud can fill in is neither a yes nor a no.
"""
