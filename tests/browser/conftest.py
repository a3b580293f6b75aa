"""Without a browser these tests are left out (README.md); what CI runs installs one."""

from tests.browser.chromium import CHROMIUM

collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]
