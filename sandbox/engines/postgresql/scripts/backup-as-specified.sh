#!/bin/bash
# The PostgreSQL lines of the specification's backup-databases.sh, as they stand. Only where they run is ours: host,
# user and password are those of the server in this container, BACKUP_DIR and TIMESTAMP are given, and the result goes
# to standard output. The password comes on the first line of standard input. A negative control: what these lines write
# is not a backup of the platform.

set -e
IFS= read -r POSTGRES_PASSWORD

mkdir -p $BACKUP_DIR/$TIMESTAMP

PGPASSWORD=$POSTGRES_PASSWORD pg_dump -h $POSTGRES_HOST -U $POSTGRES_USER -d taishang_users > $BACKUP_DIR/$TIMESTAMP/users.sql
PGPASSWORD=$POSTGRES_PASSWORD pg_dump -h $POSTGRES_HOST -U $POSTGRES_USER -d taishang_ai > $BACKUP_DIR/$TIMESTAMP/ai.sql
PGPASSWORD=$POSTGRES_PASSWORD pg_dump -h $POSTGRES_HOST -U $POSTGRES_USER -d taishang_data > $BACKUP_DIR/$TIMESTAMP/data.sql

cd $BACKUP_DIR
tar -czf taishang-backup-$TIMESTAMP.tar.gz $TIMESTAMP/

cat taishang-backup-$TIMESTAMP.tar.gz
rm -rf $BACKUP_DIR
