"""Which browser these tests drive: Debian's Chromium or one of its kind; without one they are left out."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
