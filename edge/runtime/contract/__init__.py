"""The contract with central systems as types: every message of every topic, in both directions, and what each field means.

docs/contract is made of this package by `scripts/make_contract.py`. The major version stands in the topic; within it fields are
only added, with defaults. What comes in may have fields that nobody here knows; what goes out has exactly these.
"""
