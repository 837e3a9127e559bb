#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Make ./configure from a fresh clone. A release tarball has it already.
set -eu
cd "$(dirname "$0")"
exec autoreconf --force --install --warnings=all,no-override,no-portability
