// Databases of pgtestdb and IntegreSQL, one for each line of standard input, and how long each took, as a line of JSON.
// The first line says which of them, and where the server is: a password in it is in no list of processes.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// The first line.
type settings struct {
	Peer     string `json:"peer"`
	Host     string `json:"host"`
	Port     string `json:"port"`
	User     string `json:"user"`
	Password string `json:"password"`
	// What the databases are made from.
	Template string `json:"template"`
	// Address of IntegreSQL's server.
	Address string `json:"address"`
	// Databases that IntegreSQL's pool has.
	Pool int `json:"pool"`
}

// A way to a database. Each call returns how long it took, without what comes before and after.
type peer func() (time.Duration, error)

type answer struct {
	Ms    float64 `json:"ms"`
	Error string  `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	open, err := begin(lines)
	for err == nil && lines.Scan() {
		var took time.Duration
		if took, err = open(); err == nil {
			err = answers.Encode(answer{Ms: float64(took.Microseconds()) / 1000})
		}
	}
	if err != nil {
		_ = answers.Encode(answer{Error: err.Error()})
		os.Exit(1)
	}
}

func begin(lines *bufio.Scanner) (peer, error) {
	var given settings
	if !lines.Scan() {
		return nil, fmt.Errorf("the first line is missing")
	}
	if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
		return nil, err
	}
	switch given.Peer {
	case "pgtestdb":
		return openPgtestdb(given), nil
	case "integresql: pool":
		return openPool(given)
	case "integresql: recreate":
		return openRecreated(given)
	}
	return nil, fmt.Errorf("there is no peer %q", given.Peer)
}
