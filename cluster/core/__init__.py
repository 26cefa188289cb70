"""Nouns and rules: pure, no clock, no I/O.

Every decision that can be made from values alone is made here and tested here: the life of a task (`task`), what an
outcome leads to (`outcome`), when to try again (`retry`), who gets the next task (`dispatch`), what people may ask for
(`limits`), what is told to those who watch (`events`), and the one error tree (`errors`).
"""
