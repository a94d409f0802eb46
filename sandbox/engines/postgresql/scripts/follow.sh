
# Ends what makes a stopped node a standby: its next start follows the primary.

# Slots of members that it had as a primary: nobody reads them on a standby. They keep its log until they are lost, and who
# is promoted again could not serve from a lost one. pg_rewind removes them only where it has something to rewind.
rm -rf "$PGDATA"/pg_replslot/postgresql "$PGDATA"/pg_replslot/postgresql_standby_*
touch "$PGDATA/standby.signal"
{
	echo "primary_conninfo = 'host=$primary port=5432 user=replicator application_name=$name passfile=/run/taishang/passfile'"
	echo "primary_slot_name = '${name//-/_}'"
} >>"$PGDATA/postgresql.auto.conf"
