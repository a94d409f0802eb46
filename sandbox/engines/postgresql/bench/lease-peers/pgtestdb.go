package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lib/pq"
	"github.com/peterldowns/pgtestdb"
)

// A new database for each test, which is dropped after it.
func openPgtestdb(given settings) peer {
	role := pgtestdb.Role{Username: given.User + "_pgtestdb", Password: given.Password, Capabilities: "SUPERUSER"}
	config := pgtestdb.Config{
		DriverName: "postgres",
		Host:       given.Host,
		Port:       given.Port,
		User:       given.User,
		Password:   given.Password,
		Database:   "postgres",
		Options:    "sslmode=disable",
		TestRole:   &role,
	}
	return func() (took time.Duration, err error) {
		test := &testing{}
		defer func() {
			if failure := recover(); failure != nil {
				err = fmt.Errorf("%v", failure)
			}
		}()
		began := time.Now()
		pgtestdb.New(test, config, sameTemplate{from: given.Template, admin: config})
		took = time.Since(began)
		test.end()
		return took, nil
	}
}

// Makes pgtestdb's template the copy of another one. Nobody has connected to the empty database that is given: it is made anew.
type sameTemplate struct {
	from  string
	admin pgtestdb.Config
}

func (same sameTemplate) Hash() (string, error) {
	return same.from, nil
}

func (same sameTemplate) Migrate(ctx context.Context, _ *sql.DB, empty pgtestdb.Config) error {
	admin, err := same.admin.Connect()
	if err != nil {
		return err
	}
	defer admin.Close()
	name := pq.QuoteIdentifier(empty.Database)
	if _, err := admin.ExecContext(ctx, "DROP DATABASE "+name); err != nil {
		return err
	}
	_, err = admin.ExecContext(ctx, fmt.Sprintf(
		"CREATE DATABASE %s TEMPLATE %s OWNER %s", name, pq.QuoteIdentifier(same.from), pq.QuoteIdentifier(empty.User),
	))
	return err
}

// What pgtestdb wants of Go's package testing.
type testing struct {
	cleanups []func()
}

func (test *testing) Cleanup(clean func())      { test.cleanups = append(test.cleanups, clean) }
func (test *testing) Failed() bool              { return false }
func (test *testing) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (test *testing) Helper()                   {}
func (test *testing) Logf(string, ...any)       {}

func (test *testing) end() {
	for index := len(test.cleanups) - 1; index >= 0; index-- {
		test.cleanups[index]()
	}
}
