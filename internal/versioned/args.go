package versioned

import (
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
)

// Args returns the arguments of an RPC message, with the structs of package objects converted into versioned objects that
// count as loaded, in the versions that the services of a release read. nil pointers become null.
func Args(args map[string]any, r release.Release) (map[string]any, error) {
	out := make(map[string]any, len(args))
	for name, value := range args {
		form, err := formOf(value)
		if err != nil {
			return nil, err
		}
		if r != release.Newest() {
			convert(form, r)
		}
		out[name] = form
	}
	return out, nil
}

// formOf converts an argument into its form in RPC messages; it returns values of other types unchanged.
func formOf(value any) (any, error) {
	switch v := value.(type) {
	case *objects.Instance:
		return instanceOrNil(v)
	case []*objects.Instance:
		list := make([]*Object, len(v))
		for n, i := range v {
			var err error
			if list[n], err = Instance(i); err != nil {
				return nil, err
			}
		}
		return list, nil
	case *objects.Migration:
		return formOrNil(v, Migration), nil
	case *objects.RequestSpec:
		return formOrNil(v, RequestSpec), nil
	case []*objects.RequestSpec:
		return each(v, RequestSpec), nil
	case *objects.BlockDevice:
		return formOrNil(v, blockDevice), nil
	case []*objects.BlockDevice:
		return BlockDevices(v), nil
	case *objects.Flavor:
		return formOrNil(v, Flavor), nil
	case *objects.Aggregate:
		return formOrNil(v, Aggregate), nil
	case []*objects.Aggregate:
		return each(v, Aggregate), nil
	case *objects.Share:
		return formOrNil(v, Share), nil
	case *objects.NetworkRequests:
		return formOrNil(v, NetworkRequests), nil
	case []*objects.Build:
		return each(v, BuildRequest), nil
	case []*objects.ExternalEvent:
		return each(v, externalEvent), nil
	}
	return value, nil
}

func instanceOrNil(i *objects.Instance) (any, error) {
	if i == nil {
		return nil, nil
	}
	return Instance(i)
}

// formOrNil converts a struct into a versioned object. It returns nil for a nil struct, because a nil *Object in an interface
// is not nil.
func formOrNil[T any](v *T, of func(*T) *Object) any {
	if v == nil {
		return nil
	}
	return of(v)
}
