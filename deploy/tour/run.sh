#!/usr/bin/env bash
# The tour: ten steps, each its own file, each ending in a sentence with its evidence. Goes on after a failed step, so that
# one run shows everything that does not hold; exit status 0 only if all held.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit
failed=()
for step in [0-9][0-9]-*.sh; do
  begun=$SECONDS
  bash "$step" || failed+=("$step")
  printf '         %d s, %d s since the tour began\n' $((SECONDS - begun)) "$SECONDS"
done
if ((${#failed[@]})); then
  printf '\nThe tour FAILED in %d of 10 steps: %s\n' "${#failed[@]}" "${failed[*]}"
  exit 1
fi
printf '\nThe tour: all 10 steps held.\n'
