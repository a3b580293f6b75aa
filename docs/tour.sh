#!/usr/bin/env bash
# The tour: one demo contract from signature to certificate, by REST and simulated time. Run it while `make up` runs.
# It takes the whole demo two years ahead; `rm -rf var` gives a fresh one.
set -euo pipefail
cd "$(dirname "$0")/.."
VAR=${TERME_DATA_DIR:-var}
python=.venv/bin/python
say() { printf '\n== %s\n' "$*"; }
demo() { $python -c "import json,sys; d=json.load(open('$VAR/demo.json')); print($1)"; }
token() { demo "next(s['token'] for s in d['sign_ins'] if s['role']=='$1')"; }
field() { $python -c "import json,sys; d=json.load(sys.stdin); print($1)"; }
call() { # call ROLE METHOD PATH [BODY]: as curl -X METHOD $URL/api/v1/PATH -H "Authorization: Bearer TOKEN" -d BODY
  $python -c '
import sys, urllib.request
token, method, url, body = sys.argv[1:]
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
request = urllib.request.Request(url, data=body.encode() or None, headers=headers, method=method)
try:
    sys.stdout.buffer.write(urllib.request.urlopen(request).read())
except urllib.error.HTTPError as error:
    sys.exit(f"{method} {url}: {error.code} {error.read().decode()}")
' "$(token "$1")" "$2" "$URL/api/v1/$3" "${4:-}"
}
live() { # live FROM UNTIL: the scheduled jobs, as if it were then
  $python manage.py run_sweeps --at "$1" --until "$2" | tail -n 3
}
day() { # day START MONTHS: the first of a month, some months on
  $python -c "
import datetime; y,m,d=map(int,'$1'.split('-')); m+=$2-1; print(datetime.date(y+m//12, m%12+1, d))"
}
URL=$($python -c "import json; print(json.load(open('$VAR/run.json'))['url'])")
client=$(demo "d['tour']['organization']")

say "The contract manager signs the draft of $(demo "d['tour']['name']")"
contract=$(call contract_manager GET "contracts?organization=$client&status=draft" | field "d['results'][0]['public_id']")
start=$(call contract_manager POST "contracts/$contract/sign" | field "d['starts_on']")
echo "contract $contract starts on $start"

say "Its first day comes, then its first year passes: the renewal becomes certain, then the second term starts"
second=$(day "$start" 12)
live "${start}T12:00Z" "${second}T12:00Z"
call contract_manager GET "contracts/$contract" \
  | field "f\"term {d['term_number']}, last day for notice {d['last_notice_on']}\""

say "The client gives notice; it is judged at once"
call client_administrator POST "contracts/$contract/give-notice" \
  "{\"kind\": \"non_renewal\", \"sent_on\": \"$second\", \"received_on\": \"$second\"}" \
  | field "f\"{d['judgment']}: the first day without service is {d['ends_on']}\""

say "The contract ends: its users are suspended, the deletion request opens by itself"
third=$(day "$start" 24)
live "${second}T12:00Z" "${third}T12:00Z"
request=$(call privacy_officer GET "deletion-requests?organization=$client" | field "d['results'][-1]['public_id']")
call privacy_officer GET "deletion-requests/$request" | field "'blocked by: ' + ', '.join(d['blocked_by'])"

say "The end is confirmed, another person approves; the client exports its data and authorises aggregates"
call contract_manager POST "deletion-requests/$request/confirm-end" > /dev/null
call privacy_officer POST "deletion-requests/$request/approve" > /dev/null
export=$(call client_administrator POST "organizations/$client/exports" "{\"request\": \"$request\"}")
call client_administrator GET "exports/$(field "d['public_id']" <<< "$export")/download" > "$VAR/export.zip"
field "f\"exported: {d['rows']}\"" <<< "$export"
call client_administrator POST "organizations/$client/archive-authorization" '{"granted": true}' > /dev/null
call privacy_officer POST "deletion-requests/$request/make-archive" \
  | field "f\"kept: {sum(c['count'] is not None for c in d['table']['cells'] + d['table']['totals'])} figures, {d['table']['suppressed']} are hidden\""
rm "$VAR/export.zip" # the client has it now; a copy left here would be found by the verification

say "The retrieval period is over: keys are destroyed, stores emptied, everything searched, the certificate signed"
from=$(call privacy_officer GET "deletion-requests/$request" | field "d['erase_from']")
live "$from" "${from/Z/+00:00}"
done=$(call privacy_officer GET "deletion-requests/$request")
field "d['status'] + ': ' + ', '.join(f\"{s['erased']} {s['store']}\" for s in d['steps'])" <<< "$done"

say "Anybody checks the certificate, offline, with the public key alone"
folder=$(mktemp -d)
call client_administrator GET "deletion-requests/$request/certificate" > "$folder/certificate.json"
call client_administrator GET public-key | field "d['pem']" > "$folder/key.pem"
$python manage.py verify_certificate "$folder/certificate.json" --public-key "$folder/key.pem"
