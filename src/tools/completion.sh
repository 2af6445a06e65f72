#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# completion.sh AVOUCH: prints the completion for bash, made from what the programs beside AVOUCH say of
# their own option tables.
set -eu
avouch=$1
in_one_line() { "$@" --print-words | tr '\n' ' '; }

cat <<'END'
# bash completion for avouch, generated from the option tables of its programs

_avouch() {
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} words=

        COMPREPLY=()
        # the value of an option: a file, as far as we know
        [[ $word != = && $before != = ]] || return 0
        [[ $COMP_CWORD != 1 && ! ($COMP_CWORD = 2 && $verb = help) ]] || verb=
        case $verb in
END
echo "        '') words='$(in_one_line "$avouch")' ;;"
for program in "$avouch"-*; do
        [ ! -f "$program" ] || echo "        ${program##*/avouch-}) words='$(in_one_line "$program")' ;;"
done
cat <<'END'
        esac
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        # options only where one was begun
        [[ $word = -* ]] || mapfile -t COMPREPLY < <(printf '%s\n' "${COMPREPLY[@]}" | grep -v -e '^-' -e '^$')
        [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}
complete -o default -F _avouch avouch
END
