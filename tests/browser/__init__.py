"""The dashboard as a person meets it: Chromium in front of a real cluster (`nox -s browser`).

Tests name things as a screen reader would, by role and accessible name, so what they can find a person can find. A page
that writes an error to the console, breaks its Content-Security-Policy or throws fails its test, whatever else it did.
Pictures of every page are kept in build/browser.

`chromium`  where the browser is, and how it is started
`watching`  a page and what it complained of
`frames`    how smoothly it moved, and how much memory it holds
`trace`     what the browser worked for each frame, whoever else used the cores
`axe`       what the accessibility checker says
`fixtures/` task modules for hostile input
"""
