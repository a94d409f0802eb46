# Completes the sandbox's commands and options, in fish. Load it with: ... completion fish | source
# As a function where no program of that name is installed, so that there is something to complete.
type -q taishang-sandbox; or function taishang-sandbox; @command@ $argv; end

complete -c taishang-sandbox -f
@lines@
