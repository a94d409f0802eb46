
# Ends what makes a stopped node a standby: its next start follows the primary.
touch "$PGDATA/standby.signal"
{
	echo "primary_conninfo = 'host=$primary port=5432 user=replicator application_name=$name passfile=/run/taishang/passfile'"
	echo "primary_slot_name = '${name//-/_}'"
} >>"$PGDATA/postgresql.auto.conf"
