//go:build tools

// Keeps the server of IntegreSQL, which is built by its path, among what go.mod pins.
package main

import _ "github.com/allaboutapps/integresql/cmd/server"
