# SPDX-License-Identifier: LGPL-2.1-or-later
# Engines on a simulated network: sim_tests += testing/simulation/x_sim. The number of seeds is
# $CYG_SEEDS.
