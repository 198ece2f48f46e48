# complete.bash COMPLETION WORD...: what bash offers for the last word, a line each.
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
[ "$(complete -p fibersan)" = "complete -o filenames -F _fibersan fibersan" ] || exit 1
_fibersan fibersan "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
