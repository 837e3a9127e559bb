# SPDX-License-Identifier: LGPL-2.1-or-later
# Scenarios with real peers in network namespaces, run as root by testing/check.
