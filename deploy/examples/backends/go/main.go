// A backend that runs a PostgreSQL server of its own for every object, from the packages of this machine:
//
//	deploy/examples/backends/go/build /tmp/servers
//	/tmp/servers --listen unix:///run/servers.sock --dir /var/lib/servers
//	databases-apiserver … --backend servers.example.com/postgresql=unix:///run/servers.sock
//
// An object has a folder of its uid. Servers run as the user of this program, who must not be root, and run on when it ends.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	pb "example.com/servers/backend"
	"google.golang.org/grpc"
)

const filled = `SELECT 'CREATE ROLE app' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') \gexec
	SELECT 'CREATE DATABASE app OWNER app' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'app') \gexec
	ALTER ROLE app LOGIN PASSWORD '%s'`

var (
	listen = flag.String("listen", "", "unix:///path/of/a/socket")
	dir    = flag.String("dir", "", "the folder of all servers")
	bin    = flag.String("bin", "/usr/lib/postgresql/15/bin", "where PostgreSQL's programs are, in a folder of its version")
)

type backend struct {
	pb.UnimplementedIdentityServer
	pb.UnimplementedPostgreSQLServer
}

// What an object asks for and has; without a port it has nothing yet.
type instance struct {
	Metadata struct{ UID string }
	Spec     struct{ State string }
	Port     int
	Password string
	folder   string
}

func open(uid string) *instance {
	i := &instance{folder: filepath.Join(*dir, filepath.Base(uid))}
	text, _ := os.ReadFile(filepath.Join(i.folder, "state.json"))
	json.Unmarshal(text, i)
	return i
}

func (i *instance) runs(ctx context.Context) bool {
	_, err := i.run(ctx, "", "pg_ctl", "-D", i.folder+"/data", "status")
	return err == nil
}

func read(request *pb.Request) (*instance, error) {
	object := &instance{}
	err := json.Unmarshal(request.ObjectJson, object)
	i := open(object.Metadata.UID)
	i.Metadata, i.Spec = object.Metadata, object.Spec
	return i, err
}

func (i *instance) run(ctx context.Context, input, program string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, filepath.Join(*bin, program), arguments...)
	command.Dir, command.Stdin = *dir, strings.NewReader(input)
	printed, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, printed)
	}
	return string(printed), nil
}

func (i *instance) sql(ctx context.Context, sql string) (string, error) {
	return i.run(ctx, sql, "psql", "-h", i.folder, "-p", fmt.Sprint(i.Port), "-U", "postgres", "-XqAt", "-F ", "-v", "ON_ERROR_STOP=1")
}

func (i *instance) observed(ctx context.Context) *pb.Observed {
	seen := &pb.Observed{Phase: "NoPrimary", Message: "the server does not answer"}
	seen.Endpoints = []*pb.Endpoint{{Role: "ReadWrite", Host: "127.0.0.1", Port: int32(i.Port)}}
	seen.Logins = []*pb.Login{{Username: "app", Password: []byte(i.Password), Database: "app"}}
	facts, _ := i.sql(ctx, "SELECT split_part(current_setting('server_version'), ' ', 1), pg_database_size('app')")
	if found, _ := fmt.Sscan(facts, &seen.Version, &seen.StorageBytes); found == 2 {
		seen.Phase, seen.Message, seen.Instances, seen.ReadyInstances = "Available", "the server takes connections", 1, 1
	} else if i.Spec.State == "Stopped" && !i.runs(ctx) {
		seen.Phase, seen.Message = "Stopped", "the server is stopped"
	}
	return seen
}

func (b *backend) GetInfo(context.Context, *pb.Caller) (*pb.Info, error) {
	return &pb.Info{Name: "servers.example.com/postgresql", ProtocolVersions: []string{"v1"}, Capabilities: []string{"News"}}, nil
}

func (b *backend) Offer(context.Context, *pb.Class) (*pb.Offer, error) {
	engine := &pb.Engine{Kind: "PostgreSQL", Flavor: "PostgreSQL", Versions: []string{filepath.Base(filepath.Dir(*bin))}}
	return &pb.Offer{Engines: []*pb.Engine{engine}, Features: []string{"PostgreSQL", "PostgreSQLStop"}}, nil
}

func (b *backend) News(_ *pb.Nothing, stream grpc.ServerStreamingServer[pb.News]) error {
	known, err := map[string]bool{}, stream.Send(&pb.News{})
	for ; err == nil && stream.Context().Err() == nil; time.Sleep(time.Second) {
		folders, _ := os.ReadDir(*dir)
		for _, folder := range folders {
			uid, up := folder.Name(), open(folder.Name()).runs(stream.Context())
			if was, seen := known[uid]; seen && was != up {
				err = stream.Send(&pb.News{Uid: uid})
			}
			known[uid] = up
		}
	}
	return err
}

func (b *backend) Reference(_ context.Context, request *pb.Request) (*pb.Reference, error) {
	i, err := read(request)
	return &pb.Reference{Group: "servers.example.com", Kind: "Server", Name: i.Metadata.UID}, err
}

func (b *backend) Observe(ctx context.Context, request *pb.Request) (*pb.Observation, error) {
	i, err := read(request)
	seen := &pb.Observation{}
	if err == nil && i.Port != 0 {
		seen.Observed = i.observed(ctx)
	}
	return seen, err
}

func (b *backend) Ensure(ctx context.Context, request *pb.Request) (*pb.Observed, error) {
	i, err := read(request)
	if err == nil && i.Port == 0 {
		err = i.record()
	}
	data := filepath.Join(i.folder, "data")
	if _, missing := os.Stat(data); err == nil && missing != nil {
		os.RemoveAll(data + ".new")
		_, err = i.run(ctx, "", "initdb", "-D", data+".new", "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256")
		if err == nil {
			err = os.Rename(data+".new", data)
		}
	}
	up, wanted := i.runs(ctx), i.Spec.State != "Stopped"
	if err == nil && up && !wanted {
		_, err = i.run(ctx, "", "pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
	}
	if err == nil && !up && wanted {
		options := fmt.Sprintf("-p %d -k %s -h 127.0.0.1", i.Port, i.folder)
		_, err = i.run(ctx, "", "pg_ctl", "-D", data, "-l", data+".log", "-o", options, "-w", "start")
	}
	if err == nil && wanted {
		_, err = i.sql(ctx, fmt.Sprintf(filled, i.Password))
	}
	return i.observed(ctx), err
}

// Writes down where an object's server will be; nobody else gets into its folder, where its socket is.
func (i *instance) record() error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer free.Close()
	i.Port, i.Password = free.Addr().(*net.TCPAddr).Port, rand.Text()
	text, _ := json.Marshal(i)
	os.MkdirAll(i.folder, 0o700)
	return os.WriteFile(filepath.Join(i.folder, "state.json"), text, 0o600)
}

func (b *backend) Remove(ctx context.Context, removal *pb.Removal) (*pb.Nothing, error) {
	i, err := read(removal.Request)
	if err == nil && i.runs(ctx) {
		_, err = i.run(ctx, "", "pg_ctl", "-D", filepath.Join(i.folder, "data"), "-m", "fast", "-w", "stop")
	}
	if err == nil && removal.Disposal == "Delete" {
		err = os.RemoveAll(i.folder)
	}
	return &pb.Nothing{}, err
}

func main() {
	flag.Parse()
	path, server, b := strings.TrimPrefix(*listen, "unix://"), grpc.NewServer(), &backend{}
	os.Remove(path)
	socket, err := net.Listen("unix", path)
	if err != nil {
		log.Fatal(err)
	}
	pb.RegisterIdentityServer(server, b)
	pb.RegisterPostgreSQLServer(server, b)
	log.Fatal(server.Serve(socket))
}
