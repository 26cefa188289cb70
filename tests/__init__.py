"""The test suite: folders mirror the package; acceptance/ runs real processes, architecture/ reads the code."""
