"""What keeps the site in step: MkDocs hooks, recorded outputs, notebooks from one source, parity.

Nothing here imports torch, transformers or trl: the site builds on a machine that has none of them.
"""
