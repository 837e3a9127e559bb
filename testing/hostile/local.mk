# SPDX-License-Identifier: LGPL-2.1-or-later
# What an attacker sends, row by row.
