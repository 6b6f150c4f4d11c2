/**
 * Shell script: DATA EPMD_PORT SERVER
 *
 * The server becomes this process. epmd, Erlang's directory of nodes, runs beside it on a port of its own, and ends
 * with it in whatever way it ends: a reader waits for the end of a pipe that the server holds open.
 */
export const startScript = `
data=$1 port=$2 server=$3
# Data of a first start that was broken off: nothing was ever confirmed, and the server would start without its user.
[ -e "$data/complete" ] || rm -rf "$data/mnesia"
rm -f "$data/alive"
mkfifo "$data/alive" || exit 1
(
  epmd -port "$port" &
  epmd=$!
  read -r _ <"$data/alive"
  kill "$epmd"
) &
exec 9>"$data/alive"
# The server would start an epmd that stays behind.
tries=0
until epmd -port "$port" -names >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -gt 100 ] && echo "Error: epmd does not answer on port $port" && exit 1
  sleep 0.1
done
exec "$server"
`;
