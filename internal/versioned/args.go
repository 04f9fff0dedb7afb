package versioned

import "github.com/nova-go/nova/internal/objects"

// Args are the arguments of a message with the structs of package objects in their
// form on the wire, as they were loaded. nil pointers are null.
func Args(args map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(args))
	for name, value := range args {
		form, err := formOf(value)
		if err != nil {
			return nil, err
		}
		out[name] = form
	}
	return out, nil
}

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
		return form(v, Migration), nil
	case *objects.RequestSpec:
		return form(v, RequestSpec), nil
	case []*objects.RequestSpec:
		return each(v, RequestSpec), nil
	case []*objects.BlockDevice:
		return BlockDevices(v), nil
	case *objects.Flavor:
		return form(v, Flavor), nil
	case *objects.Aggregate:
		return form(v, Aggregate), nil
	case []*objects.Aggregate:
		return each(v, Aggregate), nil
	case *objects.Share:
		return form(v, Share), nil
	case *objects.NetworkRequests:
		return form(v, NetworkRequests), nil
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

// form is the form of a struct; that of nil is nil itself, not a nil *Object.
func form[T any](v *T, of func(*T) *Object) any {
	if v == nil {
		return nil
	}
	return of(v)
}
