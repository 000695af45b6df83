package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	celgo "github.com/google/cel-go/cel"
	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	plugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/mutation/dynamic"
)

// expressing is a case: an expression over an object, and whether it may make objects and patches.
type expressing struct {
	Expression string          `json:"expression"`
	Object     json.RawMessage `json:"object"`
	Makes      bool            `json:"makes"`
}

// expressed is what it comes to: a value with its type, an error, why it cannot be read, or what the library died of.
type expressed struct {
	Value  string `json:"value,omitempty"`
	Type   string `json:"type,omitempty"`
	Error  string `json:"error,omitempty"`
	Unfit  string `json:"unfit,omitempty"`
	Broken string `json:"broken,omitempty"`
}

// whatever is an expression that may come to any type.
type whatever string

func (w whatever) GetExpression() string      { return string(w) }
func (w whatever) ReturnTypes() []*celgo.Type { return []*celgo.Type{celgo.AnyType} }

func expressions(schemas) (func([]byte) (any, error), error) {
	compiler := plugin.NewCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	return func(text []byte) (answer any, err error) {
		// Some expressions are none that cel-go can read or refuse.
		defer func() {
			if reason := recover(); reason != nil {
				answer, err = expressed{Broken: fmt.Sprint(reason)}, nil
			}
		}()
		var asked expressing
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		var object unstructured.Unstructured
		if err := object.UnmarshalJSON(asked.Object); err != nil {
			return nil, err
		}
		options := plugin.OptionalVariableDeclarations{HasParams: true, HasPatchTypes: asked.Makes}
		compiled := compiler.CompileCELExpression(whatever(asked.Expression), options, environment.StoredExpressions)
		if compiled.Error != nil {
			return expressed{Unfit: compiled.Error.Error()}, nil
		}
		variables := map[string]any{
			"object": object.Object, "oldObject": nil, "params": nil, "namespaceObject": nil, "request": nil,
		}
		value, _, err := compiled.Program.ContextEval(context.Background(), variables)
		if err != nil {
			return expressed{Error: err.Error()}, nil
		}
		return expressed{Value: printed(value), Type: value.Type().TypeName()}, nil
	}, nil
}

// printed is a value as a text that tells it from every other one.
func printed(value ref.Val) string {
	switch value := value.(type) {
	case celtypes.Null:
		return "null"
	case celtypes.Bool:
		return strconv.FormatBool(bool(value))
	case celtypes.Int:
		return strconv.FormatInt(int64(value), 10)
	case celtypes.Uint:
		return strconv.FormatUint(uint64(value), 10) + "u"
	case celtypes.Double:
		return strconv.FormatFloat(float64(value), 'e', -1, 64)
	case celtypes.String:
		return quotedText(string(value))
	case celtypes.Bytes:
		return "b" + hex.EncodeToString(value)
	case celtypes.Duration:
		return fmt.Sprintf("%dns", value.Duration.Nanoseconds())
	case celtypes.Timestamp:
		return value.Time.Format(time.RFC3339Nano)
	case *celtypes.Optional:
		if value.HasValue() {
			return "some " + printed(value.GetValue())
		}
		return "none"
	case *celtypes.Type:
		return "type " + value.TypeName()
	case *dynamic.ObjectVal:
		return "made"
	case *apiservercel.Format:
		return "format " + value.Name
	case traits.Lister:
		var items []string
		for it := value.Iterator(); it.HasNext() == celtypes.True; {
			items = append(items, printed(it.Next()))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case traits.Mapper:
		var entries []string
		for it := value.Iterator(); it.HasNext() == celtypes.True; {
			key := it.Next()
			entries = append(entries, printed(key)+": "+printed(value.Get(key)))
		}
		sort.Strings(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	default:
		return value.Type().TypeName()
	}
}

// quotedText is a text as JSON has it.
func quotedText(text string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(out.String(), "\n")
}
