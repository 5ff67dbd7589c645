"""The statements of a session itself: BEGIN, COMMIT, savepoints, the reset."""
