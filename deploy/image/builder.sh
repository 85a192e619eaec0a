# Sourced by the scripts beside it.
#
# choose_builder COMMAND…: set `builder` to the first of these that is there and works, or to BUILDER if that is set; 1 for none.
choose_builder() {
    builder=${BUILDER:-}
    for candidate; do
        # `info` fails where the command is there and what it speaks to is not.
        [ -z "$builder" ] && command -v "$candidate" >/dev/null 2>&1 && "$candidate" info >/dev/null 2>&1 && builder=$candidate
    done
    [ -n "$builder" ]
}
