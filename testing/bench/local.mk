# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmarks: benches += testing/bench/x_bench.
