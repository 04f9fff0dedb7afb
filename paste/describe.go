package paste

// Node describes a section and what it is made of.
type Node struct {
	// Kind is "app", "filter", "pipeline" or "composite". Sections with
	// filter-with, and filter-app sections, are pipelines.
	Kind string `json:"kind"`
	// Name is the section's name without its type.
	Name string `json:"name"`
	// At is the option of a composite that this application stands under,
	// for example the path of a urlmap.
	At string `json:"at,omitempty"`
	// Factory is the name under which the Registry has the factory. A
	// pipeline has none.
	Factory string `json:"factory,omitempty"`
	// Skipped says that this filter is left out because nobody knows its factory.
	Skipped    bool `json:"skipped,omitempty"`
	LocalConf  Conf `json:"local_conf,omitempty"`
	GlobalConf Conf `json:"global_conf,omitempty"`
	// Children are a pipeline's filters in the order a request meets them and
	// last its application, or a composite's applications in the order of At.
	Children []*Node `json:"children,omitempty"`
}

// Describe says what Load would build, without building it. It fails where
// Load fails, short of the factories' own errors.
func Describe(file, name string, r Registry, o Options) (*Node, error) {
	c, err := loadObject(appType, file, name, r, o)
	if err != nil {
		return nil, err
	}
	return c.describe()
}

// DescribeApp describes what App would build.
func (l *Loader) DescribeApp(name string, global Conf) (*Node, error) {
	c, err := l.find(appType, named(name), global)
	if err != nil {
		return nil, err
	}
	return c.describe()
}

// DescribePipeline describes what Pipeline would build.
func (l *Loader) DescribePipeline(list string, global Conf) (*Node, error) {
	c, err := l.pipeline(list, global)
	if err != nil {
		return nil, err
	}
	return c.describe()
}

// PipelineParts makes the Parts of a DescribedComposite whose option, chosen
// when it is built, is a list of filters and an application, as it is with the
// pipeline factories of Nova and most other OpenStack services.
func PipelineParts(option func(local Conf) string) func(*Loader, Conf, Conf) ([]*Node, error) {
	return func(l *Loader, _, local Conf) ([]*Node, error) {
		key := option(local)
		n, err := l.DescribePipeline(local[key], nil)
		if err != nil {
			return nil, err
		}
		n.Name, n.At = key, key
		return []*Node{n}, nil
	}
}

func (c *object) describe() (*Node, error) {
	n := &Node{Name: c.name, Factory: c.key}
	n.GlobalConf, n.LocalConf = c.confs()
	switch c.kind {
	case skippedObject:
		n.Kind, n.Skipped = "filter", true
		return n, nil
	case factoryObject:
		return n, c.describeFactory(n)
	}
	n.Kind = "pipeline"
	if c.kind != pipelineObject {
		n.LocalConf = nil // they are the filter's or the application's
	}
	next, err := c.next.describe() // first, as Load does it
	if err != nil {
		return nil, err
	}
	for _, f := range c.filters {
		child, err := f.describe()
		if err != nil {
			return nil, err
		}
		n.Children = append(n.Children, flat(f, child)...)
	}
	n.Children = append(n.Children, flat(c.next, next)...)
	return n, nil
}

// flat takes a filter that has a filter-with apart: it is two filters in a row.
func flat(c *object, n *Node) []*Node {
	if c.typ == filterType && n.Kind == "pipeline" {
		return n.Children
	}
	return []*Node{n}
}

func (c *object) describeFactory(n *Node) error {
	f, err := c.typed()
	if err != nil {
		return err
	}
	switch f := f.(type) {
	case App:
		n.Kind = "app"
	case Filter, FilterApp:
		n.Kind = "filter"
	case Server, ServerRunner:
		n.Kind = "server"
	case Composite:
		n.Kind = "composite"
	case DescribedComposite:
		n.Kind = "composite"
		if f.Parts == nil {
			return nil
		}
		global, local := c.confs()
		if n.Children, err = f.Parts(c.loader, global, local); err != nil {
			return c.located(err)
		}
	}
	return nil
}
