#!/bin/bash
# The PostgreSQL lines of the specification's restore-databases.sh, as they stand. Only where they run is ours: host,
# user and password are those of the server in this container, RESTORE_DIR is given, and standard input has a line with
# the password, and then the archive. A negative control: the specification calls this verified once the users are counted.

set -e
IFS= read -r POSTGRES_PASSWORD

BACKUP_FILE=$1
mkdir -p $RESTORE_DIR
cd $RESTORE_DIR
cat >$BACKUP_FILE

tar -xzf $BACKUP_FILE

BACKUP_TIMESTAMP=$(echo $BACKUP_FILE | sed 's/taishang-backup-\(.*\)\.tar\.gz/\1/')

PGPASSWORD=$POSTGRES_PASSWORD psql -h $POSTGRES_HOST -U $POSTGRES_USER -c "DROP DATABASE IF EXISTS taishang_users_restore;"
PGPASSWORD=$POSTGRES_PASSWORD psql -h $POSTGRES_HOST -U $POSTGRES_USER -c "CREATE DATABASE taishang_users_restore;"
PGPASSWORD=$POSTGRES_PASSWORD psql -h $POSTGRES_HOST -U $POSTGRES_USER -d taishang_users_restore < $BACKUP_TIMESTAMP/users.sql

PGPASSWORD=$POSTGRES_PASSWORD psql -h $POSTGRES_HOST -U $POSTGRES_USER -d taishang_users_restore -c "SELECT COUNT(*) FROM users;"

rm -rf $RESTORE_DIR
