# Completes the sandbox's commands and options, in bash and zsh. Load it with: source <(... completion bash)
# As a function where no program of that name is installed, so that there is something to complete.
type taishang-sandbox >/dev/null 2>&1 || taishang-sandbox() { @command@ "$@"; }

[ -z "${ZSH_VERSION:-}" ] || { autoload -U +X bashcompinit && bashcompinit; }

_taishang_sandbox_words() {
	case "$1" in
@words@
	esac
}

_taishang_sandbox() {
	local word command=''
	local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}"
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case "$word" in
		-*) ;;
		*) [ -n "$command" ] || [ -z "$(_taishang_sandbox_words "$word")" ] || command="$word" ;;
		esac
	done
	case "$before" in
	--engines) word='@engines@' ;;
	--directory | --contracts | --file | --to | --from | --rejects | --output | --input | --html | --summary)
		COMPREPLY=($(compgen -f -- "$current"))
		return
		;;
	*) word="$(_taishang_sandbox_words "$command")" ;;
	esac
	COMPREPLY=($(compgen -W "$word" -- "$current"))
}

complete -F _taishang_sandbox taishang-sandbox
