# complete.zsh COMPLETION WORD...: what zsh offers in the place of the last word, a line each. Its completion system calls
# the function within a widget only, so the functions that are called stand here.
compdef() { print -r -- "registered: $*" }
compadd() { shift; print -rl -- "$@" }
_files() { print -r -- "files" }
completion=$1
shift
words=("$@") CURRENT=$#
source $completion
_fibersan
# As found along fpath: the first call defines the function and has to answer, too.
unfunction _fibersan
fpath=(${completion:h})
autoload -Uz _fibersan
print "autoloaded"
_fibersan
