package compute

import (
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/rpc"
)

func (j *Job) attachInterface() (any, error) {
	r := netRequest{j.text("network_id"), j.text("port_id"), j.text("requested_ip"), j.text("tag")}
	if r.network != "" && len(j.Network.Available("", true, []string{r.network})) == 0 {
		// nova-compute looks for the physical network first, and does not expect that the network is unknown.
		return nil, &rpc.RemoteError{Class: "NetworkNotFoundClient", Module: "neutronclient.common.exceptions",
			Message: "Network " + r.network + " could not be found." + requestIDs()}
	}
	made, err := j.allocate(netRequests{list: []netRequest{r}}, nil)
	if err != nil {
		return nil, err
	}
	if len(made) != 1 {
		return nil, Failed("InterfaceAttachFailed", "Failed to attach network adapter device to %s", j.Server.UUID)
	}
	if err := j.Records.AddInterface(j.Ctx, j.Server.UUID, made[0]); err != nil {
		return nil, err
	}
	return j.Network.VIF(made[0].Port), j.refresh(j.Ctx, j.Server.UUID)
}

func (j *Job) detachInterface() (any, error) {
	port := j.text("port_id")
	if !j.Network.Attached(j.Server.UUID, port) {
		return nil, Failed("PortNotFound", "Port %s is not attached", port)
	}
	if err := j.Network.Unplug(j.Server.UUID, port); err != nil {
		return nil, err
	}
	if err := j.Records.RemoveInterface(j.Ctx, j.Server.UUID, port); err != nil {
		return nil, err
	}
	return nil, j.refresh(j.Ctx, j.Server.UUID)
}

func (j *Job) addAddress() (any, error) {
	there, err := j.Network.AddAddress(j.Server.UUID, j.text("network_id"))
	if err != nil || !there {
		return nil, Failed("NetworkNotFoundForInstance", "Network could not be found for instance %s.", j.Server.UUID)
	}
	return nil, j.addressesChanged()
}

func (j *Job) removeAddress() (any, error) {
	address := j.text("address")
	there, err := j.Network.RemoveAddress(j.Server.UUID, address)
	if err == nil && !there {
		err = Failed("FixedIpNotFoundForInstance", "Instance %s does not have fixed IP '%s'.", j.Server.UUID, address)
	}
	if err != nil {
		return nil, err
	}
	return nil, j.addressesChanged()
}

// addressesChanged updates the info cache, and the time of the server's last change as
// nova-compute does.
func (j *Job) addressesChanged() error {
	if err := j.refresh(j.Ctx, j.Server.UUID); err != nil {
		return err
	}
	_, err := j.Records.Update(j.Ctx, j.Server.UUID, records.Row{})
	return err
}
