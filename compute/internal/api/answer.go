package api

import "net/http"

// checkAnswer checks the body of an answer, if the API does so. A wrong one is logged, or, as in Nova, becomes a fault with status
// 400 although the operation has been carried out.
func (req *Request) checkAnswer(body []byte) *Fault {
	if req.api == nil || req.api.CheckAnswer == nil || req.op == nil {
		return nil
	}
	err := req.api.CheckAnswer(req.op.Op, req.Version, body)
	switch {
	case err == nil:
		return nil
	case req.api.RejectAnswers:
		return &Fault{Status: http.StatusBadRequest, Message: err.Error()}
	}
	req.api.Log.Error().Str("request_id", req.requestID()).Str("operation", req.opName()).Msg("Schema failed to validate: " + err.Error())
	return nil
}
