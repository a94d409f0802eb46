package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const hash = "taishang"

// A template of IntegreSQL, made from the one that its server was told by INTEGRESQL_ROOT_TEMPLATE.
type template struct {
	address string
}

func makeTemplate(given settings) (template, error) {
	made := template{address: given.Address + "/api/v1/templates"}
	if err := made.ask(http.MethodPost, "", map[string]string{"hash": hash}, nil); err != nil {
		return made, err
	}
	return made, made.ask(http.MethodPut, "/"+hash, nil, nil)
}

// Databases that are ready, handed out of a pool that is full. Each goes back unchanged, so that it stays full.
func openPool(given settings) (peer, error) {
	made, err := makeTemplate(given)
	if err != nil {
		return nil, err
	}
	taken := make([]int, given.Pool)
	for index := range taken {
		if taken[index], err = made.take(); err != nil {
			return nil, err
		}
	}
	for _, id := range taken {
		if err := made.give(id, "unlock"); err != nil {
			return nil, err
		}
	}
	return func() (time.Duration, error) {
		began := time.Now()
		id, err := made.take()
		took := time.Since(began)
		if err != nil {
			return took, err
		}
		return took, made.give(id, "unlock")
	}, nil
}

// The one database of a pool, which is made as new after a test while the next one waits for it.
func openRecreated(given settings) (peer, error) {
	made, err := makeTemplate(given)
	if err != nil {
		return nil, err
	}
	id, err := made.take()
	if err != nil {
		return nil, err
	}
	return func() (time.Duration, error) {
		began := time.Now()
		if err := made.give(id, "recreate"); err != nil {
			return 0, err
		}
		var err error
		id, err = made.take()
		return time.Since(began), err
	}, nil
}

func (made template) take() (int, error) {
	var test struct {
		ID int `json:"id"`
	}
	err := made.ask(http.MethodGet, "/"+hash+"/tests", nil, &test)
	return test.ID, err
}

func (made template) give(id int, how string) error {
	return made.ask(http.MethodPost, fmt.Sprintf("/%s/tests/%d/%s", hash, id, how), nil, nil)
}

func (made template) ask(method string, path string, body any, into any) error {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequest(method, made.address+path, &sent)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answered, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s answered %d: %s", method, path, response.StatusCode, answered)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answered, into)
}
