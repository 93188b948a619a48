# shellcheck shell=sh
# Hold a lease across several steps of a shell script. To be sourced, by any POSIX shell:
#
#     . ./hold-across-steps.sh
#     baton_hold deploy-prod                     # waits until it is ours
#     ./step-one.sh
#     ./step-two.sh
#     baton_release
#
# or, for work that is done once and has a result for the others:
#
#     baton_hold release-import --input "$PULLSPEC"
#     if baton_elected; then
#         ./import.sh
#         baton_done --result digest="$digest"
#     fi
#
# A script that ends in between gives the lease back as failed. One that is killed
# gives it back as abandoned, within a second. If the lease is lost, the script and
# its running step get SIGTERM.

# baton_hold NAME [OPTIONS of `baton campaign`]: returns when it is elected, or the work is done.
baton_hold() {
    baton_facts=$(baton campaign "$@" --output env) || return
    eval "$baton_facts"
    baton_elected || return 0
    # $$ is the script even within a subshell: the renewals end with it.
    baton renew --every "${BATON_RENEW_EVERY:-10s}" --for $$ &
    baton_renewer=$!
    trap 'baton_leave $?' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Whether the work is ours to do; otherwise others have done it.
baton_elected() { [ "${BATON_OUTCOME:-}" = elected ]; }

# baton_done [OPTIONS of `baton complete`]: the work is done, here is the result.
baton_done() {
    baton_stop_renewing
    baton complete "$@"
}

# baton_release [OPTIONS of `baton resign`]: without a result.
baton_release() {
    baton_stop_renewing
    baton resign "$@"
}

# Not before this may the hold be ended: a renewal after it would be a lost lease.
baton_stop_renewing() {
    trap - EXIT HUP INT TERM
    kill "$baton_renewer" 2>/dev/null || :
    wait "$baton_renewer" 2>/dev/null || :
}

# What an EXIT trap is given: the script ended without baton_done or baton_release.
baton_leave() {
    case $1 in
        129|130|143) baton_release --outcome released --unreachable-timeout 2s || : ;;
        *) baton_release --outcome failed --reason "the script ended with exit code $1" || : ;;
    esac
    exit "$1"
}
