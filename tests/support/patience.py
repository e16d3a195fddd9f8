# SPDX-License-Identifier: Apache-2.0
"""How long tests wait. PATIENCE says how many times slower everything may be: under valgrind, beside campaigns."""
import os

SLOWER = float(os.environ.get('PATIENCE', '1'))
PATIENCE = 20 * SLOWER  # seconds until what has to happen is missed
