# Prints what zsh offers at the end of a line, one "ANSWER:word" a line: an interactive zsh on a
# terminal of its own, whose compadd says what fits before it adds it.
#   zsh -f zsh-answers.zsh COMPLETION-FILE SCRATCH-FOLDER LINE
zmodload zsh/zpty
zpty inner zsh -f -i
inner() { zpty -w inner "$1" }
inner "PROMPT=; autoload -U compinit; compinit -u -d $2/dump; source $1"
inner 'compadd () { if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi; local -a hits; builtin compadd -A hits "$@"; (( $#hits )) && print -rl -- ANSWER:${^hits} }'
inner 'all-said () { print END:; zle kill-whole-line }; zle -N all-said; bindkey "^Y" all-said; bindkey "^I" complete-word'
inner 'print READY":"'
while zpty -r inner line && [[ $line != READY:* ]]; do :; done
zpty -w -n inner "$3"$'\t\x19'
while zpty -r inner line; do
  [[ $line == *END:* ]] && break
  print -r -- "$line"
done
zpty -d inner
