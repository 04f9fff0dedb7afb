package compute

import "github.com/nova-go/nova/internal/devcloud/network"

func (j *Job) owner() network.Server {
	return network.Server{ID: j.Server.UUID, Project: j.Server.ProjectID, Host: j.Host, Zone: j.Server.Zone}
}

func (j *Job) attachInterface() (any, error) {
	var asks []network.Ask
	a := network.Ask{Network: j.text("network_id"), Port: j.text("port_id"), Address: j.text("requested_ip")}
	if a != (network.Ask{}) {
		asks = append(asks, a)
	}
	made, err := j.Network.Plug(j.owner(), asks, false)
	if err != nil {
		return nil, Failed("InterfaceAttachFailed", "Failed to attach network adapter device to %s", j.Server.UUID)
	}
	if len(made) != 1 {
		return nil, Failed("InterfaceAttachFailedNoNetwork", "No specific network was requested and none are available for project '%s'.",
			j.Server.ProjectID)
	}
	if err := j.Records.AddInterface(j.Ctx, j.Server.UUID, j.mac(made[0]), made[0]); err != nil {
		return nil, err
	}
	return j.Network.VIF(made[0]), j.refresh(j.Ctx, j.Server.UUID)
}

func (j *Job) detachInterface() (any, error) {
	port := j.text("port_id")
	if err := j.Network.Unplug(j.Server.UUID, port); err != nil {
		return nil, err
	}
	if err := j.Records.RemoveInterface(j.Ctx, j.Server.UUID, port); err != nil {
		return nil, err
	}
	return nil, j.refresh(j.Ctx, j.Server.UUID)
}

func (j *Job) addAddress() (any, error) {
	if err := j.Network.AddAddress(j.owner(), j.text("network_id")); err != nil {
		return nil, err
	}
	return nil, j.refresh(j.Ctx, j.Server.UUID)
}

func (j *Job) removeAddress() (any, error) {
	if err := j.Network.RemoveAddress(j.Server.UUID, j.text("address")); err != nil {
		return nil, err
	}
	return nil, j.refresh(j.Ctx, j.Server.UUID)
}
