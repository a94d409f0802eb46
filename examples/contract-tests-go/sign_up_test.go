// Contract tests of a sign-up, on real stores: taishang-sandbox exec --lease -- go test ./...
package signup

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/redis/go-redis/v9"
)

const sessionLifetime = time.Minute

type stores struct {
	users    *sql.DB
	sessions *redis.Client
}

func openStores(t *testing.T) stores {
	t.Helper()
	users, err := sql.Open("postgres", os.Getenv("DATABASE_URL")+"?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		t.Fatal(err)
	}
	sessions := redis.NewClient(options)
	t.Cleanup(func() {
		users.Close()
		sessions.Close()
	})
	return stores{users, sessions}
}

// What a service does: a row, and a session that ends by itself.
func (s stores) signUp(ctx context.Context, username string) (id string, err error) {
	err = s.users.QueryRowContext(ctx,
		"INSERT INTO users (username, email, password_hash) VALUES ($1, $2, 'none') RETURNING id",
		username, username+"@example.org").Scan(&id)
	if err != nil {
		return "", err
	}
	return id, s.sessions.Set(ctx, "session:"+id, username, sessionLifetime).Err()
}

func TestWhoSignsUpHasASessionThatEnds(t *testing.T) {
	ctx, s := context.Background(), openStores(t)
	id, err := s.signUp(ctx, "go_signs_up")
	if err != nil {
		t.Fatal(err)
	}
	var status string
	if err := s.users.QueryRowContext(ctx, "SELECT status FROM users WHERE id = $1", id).Scan(&status); err != nil || status != "active" {
		t.Fatalf("the user is %q: %v", status, err)
	}
	left, err := s.sessions.TTL(ctx, "session:"+id).Result()
	if err != nil || left <= 0 || left > sessionLifetime {
		t.Fatalf("the session ends in %v: %v", left, err)
	}
}

func TestANameThatIsTakenIsRefusedAndGetsNoSession(t *testing.T) {
	ctx, s := context.Background(), openStores(t)
	if _, err := s.signUp(ctx, "go_taken"); err != nil {
		t.Fatal(err)
	}
	before := s.sessions.DBSize(ctx).Val()
	_, err := s.signUp(ctx, "go_taken")
	var refused *pq.Error
	if !errors.As(err, &refused) || refused.Code.Name() != "unique_violation" {
		t.Fatalf("it was not refused as taken: %v", err)
	}
	if after := s.sessions.DBSize(ctx).Val(); after != before {
		t.Fatalf("there are %d sessions, and were %d", after, before)
	}
}
