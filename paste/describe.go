package paste

// Node describes a section and the sections that it refers to.
type Node struct {
	// Kind is "app", "filter", "pipeline" or "composite". Sections with
	// filter-with, and filter-app sections, are pipelines.
	Kind string `json:"kind"`
	// Name is the section's name without its type.
	Name string `json:"name"`
	// At is the option of a composite that names this application, for example the path of a
	// urlmap.
	At string `json:"at,omitempty"`
	// Factory is the name under which the Registry has the factory. A
	// pipeline has none.
	Factory string `json:"factory,omitempty"`
	// Skipped reports that this filter is left out because its factory is not in the Registry.
	Skipped    bool `json:"skipped,omitempty"`
	LocalConf  Conf `json:"local_conf,omitempty"`
	GlobalConf Conf `json:"global_conf,omitempty"`
	// Children are the filters of a pipeline in the order in which a request passes them,
	// followed by its application; or the applications of a composite in the order of At.
	Children []*Node `json:"children,omitempty"`
}

// Describe returns the tree that Load would build, without building it. It fails where Load
// fails, except for errors of the factories themselves.
func Describe(file, name string, r Registry, o Options) (*Node, error) {
	c, err := loadObject(appType, file, name, r, o)
	if err != nil {
		return nil, err
	}
	return c.describe()
}

// DescribeApp returns the tree that App would build.
func (l *Loader) DescribeApp(name string, global Conf) (*Node, error) {
	c, err := l.find(appType, namePointer(name), global)
	if err != nil {
		return nil, err
	}
	return c.describe()
}

// DescribePipeline returns the tree that Pipeline would build.
func (l *Loader) DescribePipeline(list string, global Conf) (*Node, error) {
	c, err := l.pipeline(list, global)
	if err != nil {
		return nil, err
	}
	return c.describe()
}

// PipelineParts returns the Parts of a DescribedComposite that builds a pipeline from one of
// its options. option returns the name of this option when the composite is built. The pipeline
// factories of Nova and most other OpenStack services are such composites.
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
		n.LocalConf = nil // they belong to the filter or the application
	}
	next, err := c.next.describe() // before the filter, in the order of Load
	if err != nil {
		return nil, err
	}
	for _, f := range c.filters {
		child, err := f.describe()
		if err != nil {
			return nil, err
		}
		n.Children = append(n.Children, splitFilter(f, child)...)
	}
	n.Children = append(n.Children, splitFilter(c.next, next)...)
	return n, nil
}

// splitFilter splits a filter that has a filter-with option into the two filters that it consists of.
func splitFilter(c *object, n *Node) []*Node {
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
