# SPDX-License-Identifier: LGPL-2.1-or-later
# Our own probes. A missing library does not stop configure at once: all that is missing is
# gathered, and CYG_MISSING_END says it in one message, with the packages and with the option that
# avoids the need.

# CYG_MISSING(WHAT, DEBIAN-PACKAGE, NEEDED-BY, HOW-TO-AVOID)
AC_DEFUN([CYG_MISSING], [
  cyg_missing="$cyg_missing
    $1, needed by $3 (Debian: $2)m4_ifnblank([$4], [; or $4])"
  cyg_missing_packages="$cyg_missing_packages $2"
])

# CYG_NEED(VARIABLE, PKG-CONFIG MODULE, DEBIAN-PACKAGE, NEEDED-BY)
# Gives VARIABLE_CFLAGS and VARIABLE_LIBS.
AC_DEFUN([CYG_NEED], [
  PKG_CHECK_MODULES([$1], [$2], [], [CYG_MISSING([$2], [$3], [$4])])
])

# CYG_MISSING_END: stop here if anything is missing.
AC_DEFUN([CYG_MISSING_END], [
  AS_IF([test -n "$cyg_missing"], [AC_MSG_ERROR([these are missing:$cyg_missing
  On Debian: apt-get install$cyg_missing_packages])])
])

# CYG_PLUGIN_OPTION(NAME, SUMMARY, [[MODULE, DEBIAN-PACKAGE], ...])
# --disable-NAME, the Automake conditional PLUGIN_NAME, and PLUGIN_NAME_CFLAGS and _LIBS of the
# modules together. NAME as users write it: crypto-gnutls gives PLUGIN_CRYPTO_GNUTLS.
AC_DEFUN([CYG_PLUGIN_OPTION], [
  m4_pushdef([cyg_var], [PLUGIN_]m4_translit([$1], [-a-z], [_A-Z]))
  AC_ARG_ENABLE([$1], [AS_HELP_STRING([--disable-$1], [leave out the plugin $1: $2])],
                [cyg_enable=$enableval], [cyg_enable=yes])
  AM_CONDITIONAL(cyg_var, [test "x$cyg_enable" = xyes])
  cyg_var[]_CFLAGS= cyg_var[]_LIBS=
  AC_SUBST(cyg_var[]_CFLAGS)
  AC_SUBST(cyg_var[]_LIBS)
  AS_IF([test "x$cyg_enable" = xyes], [
    cyg_plugins_in="$cyg_plugins_in $1"
    m4_ifnblank([$3], [
    cyg_modules= cyg_whole=yes
    m4_foreach([cyg_pair], [$3], [_CYG_PLUGIN_MODULE([$1], cyg_pair)])
    AS_IF([test $cyg_whole = yes], [
      cyg_var[]_CFLAGS=`$PKG_CONFIG --cflags "$cyg_modules"`
      cyg_var[]_LIBS=`$PKG_CONFIG --libs "$cyg_modules"`
    ])])
  ], [cyg_plugins_out="$cyg_plugins_out $1"])
  m4_popdef([cyg_var])
])

# _CYG_PLUGIN_MODULE(PLUGIN, MODULE, DEBIAN-PACKAGE): one of its libraries.
AC_DEFUN([_CYG_PLUGIN_MODULE], [
  AC_MSG_CHECKING([for $2 (plugin $1)])
  PKG_CHECK_EXISTS([$2], [
    AC_MSG_RESULT([yes])
    cyg_modules="$cyg_modules${cyg_modules:+, }$2"
  ], [
    AC_MSG_RESULT([no])
    cyg_whole=no
    CYG_MISSING([$2], [$3], [plugin $1], [--disable-$1 leaves the plugin out])
  ])
])
